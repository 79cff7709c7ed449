from django.urls import path

from accounts import sign_in

urlpatterns = [
    path("steering/sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("steering/sign-out/", sign_in.SignOut.as_view(), name="sign_out"),
]
