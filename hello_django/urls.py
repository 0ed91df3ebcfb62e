from django.contrib import admin
from django.urls import path

from hello_django import views

urlpatterns = [
    path("", views.home),
    path("ping/", views.ping),
    path("admin/", admin.site.urls),
]
